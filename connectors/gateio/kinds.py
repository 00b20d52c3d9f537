"""What the rows of Gate.io's spot book mean, by their type and, where that says nothing, by their code.

Source: Gate API v4 documentation, "AccountBook type" and "AccountBook code" (v4.99, read 2026-11).
"""

from dataclasses import dataclass
from decimal import Decimal

from connectors.types import LedgerKind

# A line is a meaning and the words (types, codes) that have it. A meaning is a kind; `border`, which the sign makes a
# deposit or a withdrawal; `earned`, a reward or, when paid, interest; `sub`, a move to or from a sub-account; or
# `to:wallet`, a move between own wallets. What is borrowed on margin is neither: the debt grows by it.
WORDS = """
trade new_order order_fill cancel_order order_rej 1 2 101 102 103 116 120 171 172
fee order_fee system_fee dust_swap_fee c2c_fee points_purchase lending_fee fct_fee fct_fee_refund quant_cmn_out
fee quant_cmn_rtd 123 151 152 308 319 613 696 697 901 902 1303 2402 2403 3205 3206 3608 3609 5104
liquidation_fee 616 649
deposit deposit deposit_rej deposit_fireblock deposit_copper deposit_finmo buy_cl buy_cc 110 112 117 122 124 322 323
withdrawal withdraw withdraw_rej cancel_withdraw withdraw_fireblock withdraw_copper startup_withdraw 4 9 18 19 104 105
withdrawal 113 3019 3020
border deposit_gatecode withdraw_gatecode push_dctd push_rcvd_dctd push_canceled push_rej push_sent push_rcvd
border rp_sent rp_rcvd rp_rej c2c_mop c2c_moc c2c_rop c2c_om c2c_or donation 17 106 121
border 301 302 303 304 305 306 309 310 311 312 313 314 324 325 326 327 328 329 330 331 801 802 803
border 1901 1903 1905 1906 1907 1908 3302 3501 3503 3507 3508 3509 3510 3511 3514 3517 3518
rebate referral_fee referral_rebate sec_rebate_out sec_rebate_in ab_rebate eb_rebate u_rebate ads_rebate au_rebate
rebate pis_rebate pds_rebate pu_rebate quant_cmn_in 109 161 162 164 166 191 196 739 3105 3301 3321 3341 3390 3410 3502
conversion eth_swap dust_swap_dctd dust_swap_gt_add cv_buy cv_sell flash_swap_buy flash_swap_sell 181 182 659 660
conversion startup_prtcp startup_refund startup_sale startup_sale_rb 107 108 141 142 501 502 1201 1202
conversion 1301 1302 1307 1310 1311 1312 1322 1323 2601 2602 2603 2604 2605 2606 2607 2608 2609 2610 2611 2612 2613
conversion 3701 3702 3703
bonus deposit_bonus purchase_bonus 401 403 681 689 1171 1173 1174
airdrop airdrop 404 2614 3922
reward profit trading_rewards award mining_rewards interest_in hodl_int slot_int_in str_int_in fct_rcvd
reward 402 405 612 623 626 627 628 688 723 726 730 732 736 738 754 1186 1196 1255 2314 2401 2704 2803 2806 2809 2812
reward 2902 2903 2904 2905 2906 3204 3607 3920
earned interest 111 609 629 675
interest interest_out margin_interest_out 635 643 644 657 669 672 676 679 685
sub subaccount_trf sub_account_transfer 1401
to:futures futures_in futures_out perp_in perp_out perp_settle_in perp_settle_out spot_settle_in spot_settle_out
to:futures 701 702 705 706
to:delivery delivery_in delivery_out 703 704
to:margin_isolated margin_in margin_out 601 602
to:margin_cross cross_margin_in cross_margin_out cross_in cross_out 651 652
to:margin_funding margin_funding_in margin_funding_out lending_in lending_out lending_lent collected 603 604 610 611
to:options options_in options_out e_options_in e_options_out 1601 1602 1603 1604
to:quant quant_in quant_out quant_return 751 753 1701 1702 1703
to:copy_trading copy_trading_in copy_trading_out fct_in fct_out fct_refund 3201 3202 3203 3601 3602 3603 3604 3605 3606
to:payment pay_in pay_out 3001 3008
to:auto_invest ai_in ai_out 911 912
to:pilot 3901 3902 3903 3904 3905 3906
to:earn lend redeem 621 622 624 625 661 662 686 687 721 722 724 725 733 734 735 737 761 1181 1184 1191 1194 1251 1253
to:earn 1258 2801 2802 2804 2805
to:structured dual_purchased dual_settled liq_add liq_rm liq_rebalanced 727 728 729 731 2001 2004 2011 2012 2021 2022
to:structured 2202 2203 2301 2302 2303 2311 2312 2807 2808 2810 2811
to:warrant cbbc_in cbbc_out warrant_in warrant_out 1801 1802 1811 1812
to:loan cl_borrow cl_repay cl_dctd cl_rtd 632 633 640 641 642 645 646 647 648 655 656 658
other borrow repay margin_borrow margin_repay cross_borrow cross_repay 605 606 630 631 670 671 673 674 677 678
"""
MEANING = {word: line.split()[0] for line in WORDS.strip().splitlines() for word in line.split()[1:]}
NO_BOOK = frozenset({"earn", "margin_isolated", "margin_cross", "options"})  # wallets known by moves from spot only
BORDER = (LedgerKind.DEPOSIT, LedgerKind.WITHDRAWAL)


@dataclass(frozen=True, slots=True)
class SpotKind:
    """What a row is: `internal` as entries have it, `other` the own wallet at the far end of a move."""

    kind: LedgerKind
    internal: bool | None = None
    other: str | None = None


def spot_kind(native: str, code: str, amount: Decimal) -> SpotKind:
    """Return what a row of the spot book is; the sign of its change tells the direction, not the name of its type."""
    comes = amount > 0
    moved = LedgerKind.TRANSFER_IN if comes else LedgerKind.TRANSFER_OUT
    if code.startswith("1502") and len(code) == 6:
        return SpotKind(moved, internal=False)
    meaning = MEANING.get(native) or MEANING.get(code) or LedgerKind.OTHER.value
    if meaning == "sub":
        return SpotKind(moved, internal=False)
    if meaning.startswith("to:"):
        return SpotKind(moved, internal=True, other=meaning.removeprefix("to:"))
    if meaning == "earned":
        return SpotKind(LedgerKind.REWARD if comes else LedgerKind.INTEREST)
    if meaning == "border":
        return SpotKind(LedgerKind.DEPOSIT if comes else LedgerKind.WITHDRAWAL, internal=False)
    kind = LedgerKind(meaning)
    return SpotKind(kind, internal=False if kind in BORDER else None)
