"""Words of the Positions & risk page: why a figure is missing, since when funding is summed, how near is near."""

from core.services.risk_types import Basis, FundingSum, Reason, RiskRow
from core.ui.format import Formats
from core.ui.i18n import N_, _
from core.ui.tables import SIDES, pair_name

NEAR, VERY_NEAR = 0.10, 0.05
REASONS = {
    Reason.NO_LEVERAGE: N_("the exchange tells no leverage of this position"),
    Reason.NO_ENTRY: N_("no entry price"),
    Reason.NO_PNL: N_("the exchange tells no open P&L"),
    Reason.QUANTO: N_("settled in another coin than it is quoted in"),
    Reason.NO_MARK: N_("no mark price"),
    Reason.NO_PRICE: N_("the settle coin has no price"),
    Reason.NO_RATE: N_("no exchange rate"),
    Reason.UNPRICED_ENTRY: N_("a booking has no price of its time"),
    Reason.NO_LIQUIDATION: N_("the exchange tells no liquidation price"),
    Reason.OTHER_SIDE: N_("the account's liquidation price endangers the other leg"),
    Reason.NO_FUNDING: N_("this contract pays no funding"),
    Reason.LEDGER_UNREAD: N_("the ledger has not been read yet"),
    Reason.NO_PAIRS: N_("the ledger does not name the pair"),
    Reason.BOTH_LEGS: N_("the ledger does not tell hedge legs apart; see below the table"),
    Reason.NO_MARGIN: N_("the exchange tells no maintenance margin"),
    Reason.OWN_ONLY: N_("collateral is weighed by the exchange, and it tells no ratio"),
    Reason.ISOLATED: N_("isolated positions have margins of their own"),
    Reason.NO_BALANCE: N_("the margin balance is not positive"),
    Reason.NO_EQUITY: N_("equity is unknown or not positive"),
    Reason.GAP: N_("a wallet has not been read for more than a day"),
}
BASES = {
    Basis.OPENED: N_("since opening, {time}"),
    Basis.SEEN: N_("since first seen, {time}"),
    Basis.LEDGER: N_("since the ledger begins, {time}"),
}


def reason_words(reason: Reason | None) -> str:
    """Return why a figure is missing; empty where it is not."""
    return "" if reason is None else _(REASONS[reason])


def since_words(funding: FundingSum, formats: Formats) -> str:
    """Return since when funding is summed, and what that instant is."""
    if funding.since is None or funding.basis is None:
        return ""
    return _(BASES[funding.basis]).format(time=formats.instant(funding.since))


def leg_name(row: RiskRow) -> str:
    """Return pair and side of a position."""
    return f"{pair_name(row.position.symbol)} {_(SIDES[row.position.side])}"


def nearness(distance: float) -> str:
    """Return a warning in words for a distance to liquidation; empty where it is far."""
    if distance < 0:
        return _("⚠ past it")
    if distance < VERY_NEAR:
        return _("⚠ very near")
    return _("⚠ near") if distance < NEAR else ""


def notes_of(row: RiskRow) -> str:
    """Return in words what is missing of a position's figures, each reason once."""
    found = [
        (_("notional"), row.notional_reason),
        (_("P&L"), row.upnl_reason),
        (_("ROE"), row.roe_reason),
        (_("liquidation"), row.distance_reason),
        (_("funding"), row.funding.reason),
    ]
    by_reason: dict[Reason, list[str]] = {}
    for name, reason in found:
        if reason is not None:
            by_reason.setdefault(reason, []).append(name)
    return "; ".join(f"{', '.join(names)}: {reason_words(reason)}" for reason, names in by_reason.items())
