"""Every code that services and the sidecar report, as a title and a cure in plain words."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from core.ui.i18n import N_, _


@dataclass(frozen=True, slots=True)
class Message:
    """What a person is told: what happened and what to do about it."""

    title: str
    cure: str


KEY_MESSAGES: Mapping[str, tuple[str, str]] = {
    "bad_key": (
        N_("{exchange} does not know this key."),
        N_("It was deleted, has expired or was copied in part. Create a read-only key there and paste it here again."),
    ),
    "bad_signature": (
        N_("The secret does not fit the key."),
        N_("Copy both again. The exchange shows the secret only once: if it is gone, create a new key."),
    ),
    "bad_passphrase": (
        N_("The passphrase does not fit the key."),
        N_("It is the one you made up together with the key, not the password of the account at the exchange."),
    ),
    "auth_ambiguous": (
        N_("{exchange} refused the key."),
        N_(
            "Three possible causes: the address {ips} is not on the key's list, reading is not enabled, or the key was "
            "deleted. Check all three at the exchange, then try again."
        ),
    ),
    "ip_not_allowed": (
        N_("The key is bound to other addresses."),
        N_("Add {ips} to the key's list of allowed IP addresses at {exchange}, then try again."),
    ),
    "permission_missing": (
        N_("The key may not read what we need."),
        N_("Enable reading for this key at {exchange} (spot and futures), then try again."),
    ),
    "may_withdraw": (
        N_("This key may withdraw money. We did not keep it."),
        N_("It has been erased here. Create another one at {exchange} that may only read, and delete this one there."),
    ),
    "duplicate_account": (
        N_("This account is here already."),
        N_("The key belongs to an exchange account that was added before. Counting it twice would double the totals."),
    ),
    "duplicate_key": (
        N_("This key is in use already."),
        N_("Another account here uses the same key. Create a separate read-only key for each account."),
    ),
    "other_identity": (
        N_("This key belongs to another exchange account."),
        N_("Replace a key only by one of the same account at {exchange}. For the other account, use “Add account”."),
    ),
    "damaged_credential": (
        N_("The stored key can no longer be opened."),
        N_("Enter the key again with “Replace the key”. The history is kept."),
    ),
    "permissions_unknown": (
        N_("What this key may do could not be verified."),
        N_(
            "{exchange} does not tell. The account stays amber until an administrator accepts it; "
            "check there that the key may only read."
        ),
    ),
    "key_erased": (
        N_("The refused key was erased."),
        N_("Use “Replace the key” to enter a new one."),
    ),
    "key_expired": (
        N_("The key has expired."),
        N_("Create a new read-only key at {exchange} and enter it with “Replace the key”. The history is kept."),
    ),
    "credential": (
        N_("A field of the key has the wrong form."),
        N_("Copy it again from the exchange, whole and without blanks."),
    ),
}

EXCHANGE_MESSAGES: Mapping[str, tuple[str, str]] = {
    "timestamp_skew": (
        N_("The server's clock is out of step."),
        N_("This is not a problem of your key. The operator has to correct the clock; we try again by ourselves."),
    ),
    "rate_limited": (
        N_("{exchange} asked for a pause."),
        N_("Nothing to do: we go on by ourselves. The last values stay, with their age."),
    ),
    "ip_banned": (
        N_("{exchange} has blocked this server's address for a while."),
        N_("Nothing to do on your side: we wait as long as the exchange asks. The last values stay, with their age."),
    ),
    "region_blocked": (
        N_("{exchange} does not serve this server's region."),
        N_("The operator has to use another way out to the internet."),
    ),
    "maintenance": (
        N_("{exchange} is under maintenance."),
        N_("Nothing to do: we look every minute and go on by ourselves. The last values stay, with their age."),
    ),
    "account_restricted": (
        N_("{exchange} has restricted this account."),
        N_("Sign in at the exchange and see what it asks for."),
    ),
    "wrong_account_mode": (
        N_("The account is in a mode that cannot be read this way."),
        N_("Tell the operator the account's name and its mode at {exchange} (classic, unified, portfolio margin)."),
    ),
    "bad_request": (
        N_("{exchange} did not accept our question."),
        N_("This is our fault, not your key's. Tell the operator the support code {support}."),
    ),
    "bad_response": (
        N_("{exchange} sent an answer that cannot be used."),
        N_("Nothing of it was stored. We try again by ourselves; the last values stay, with their age."),
    ),
    "network": (
        N_("{exchange} could not be reached in time."),
        N_("We try again by ourselves; the last values stay, with their age."),
    ),
    "not_supported": (
        N_("{exchange} does not offer this."),
        N_("It is shown as not available, never as zero."),
    ),
    "unsupported_exchange": (
        N_("This exchange is not supported."),
        N_("Choose one of the list."),
    ),
}

PLATFORM_MESSAGES: Mapping[str, tuple[str, str]] = {
    "required": (N_("This field is needed."), N_("Fill it in and send the form again.")),
    "bad_format": (
        N_("This does not look like what the exchange issues."),
        N_("Copy it again, whole and without blanks. Nothing was sent to the exchange."),
    ),
    "too_long": (N_("This is too long."), N_("Use at most 80 characters.")),
    "forbidden_character": (
        N_("This contains a character that cannot be shown."),
        N_("Type it again instead of pasting it."),
    ),
    "wrong_direction": (
        N_("One entry leaves an account, the other arrives in one."),
        N_("Choose what was sent and what was received."),
    ),
    "other_asset": (
        N_("These entries are of different assets."),
        N_("A transfer has one asset. Choose another entry."),
    ),
    "same_wallet": (N_("Both entries are in one wallet."), N_("Choose the entry in the other wallet.")),
    "other_network": (
        N_("One entry is of the test network."),
        N_("Money of the test network stays there. Choose another entry."),
    ),
    "received_more": (N_("More was received than sent."), N_("Choose an entry of the same amount or less.")),
    "name_in_use": (N_("Another account has this name."), N_("Choose a different one.")),
    "no_testnet": (N_("This exchange has no test network."), N_("Switch the test network off.")),
    "invalid_input": (N_("Something in the form is not right."), N_("Check it and send it again.")),
    "main_changed": (
        N_("Somebody changed the main account meanwhile."),
        N_("Look at the list again, then decide."),
    ),
    "not_active": (
        N_("This account is not being read."),
        N_("Only a verified account that is not paused can do this."),
    ),
    "testnet_main": (
        N_("A test account cannot be the main one."),
        N_("This client has an account with real money; choose that one."),
    ),
    "successor_needed": (
        N_("The main account needs a successor."),
        N_("Choose which account takes its place, then remove it."),
    ),
    "not_unverified": (N_("There is nothing to accept."), N_("The account has been verified meanwhile.")),
    "conflict": (N_("The data changed meanwhile."), N_("Look again, then decide.")),
    "step_up_required": (
        N_("Please give your password again."),
        N_("Keys may only be added, replaced or removed within ten minutes of giving the password."),
    ),
    "not_found": (N_("This does not exist."), N_("It may have been removed meanwhile.")),
    "forbidden": (N_("Your role may not do this."), N_("Ask an administrator.")),
    "throttled": (N_("Too many attempts."), N_("Wait a little, then try again.")),
    "storage_unavailable": (
        N_("The database does not answer."),
        N_("Nothing was changed. Try again in a moment."),
    ),
    "lease_lost": (N_("The reading was interrupted."), N_("It is repeated by itself.")),
    "vault_locked": (
        N_("The vault is locked."),
        N_("New keys can be added, but nothing is read until the operator unlocks it."),
    ),
    "login_taken": (N_("This sign-in name is taken."), N_("Choose a different one.")),
    "bad_login": (
        N_("This sign-in name cannot be used."),
        N_("Use letters, digits, dots, hyphens or an e-mail address, 3 characters at least."),
    ),
    "password_too_short": (N_("This password is too short."), N_("Use at least 12 characters.")),
    "password_too_long": (N_("This password is too long."), N_("Use at most 256 characters.")),
    "password_common": (N_("This password is easily guessed."), N_("Use a longer one or several words.")),
    "unknown_kind": (N_("This kind of entry is not known."), N_("Choose one of the list.")),
    "password_same": (N_("This is the password you have."), N_("Choose another one.")),
    "wrong_password": (
        N_("The current password is not right."),
        N_("Type the one you signed in with. If it is lost, ask the operator for help."),
    ),
    "passwords_differ": (N_("The two passwords differ."), N_("Type the same one twice.")),
    "own_user": (N_("Nobody disables themselves."), N_("Ask another administrator.")),
    "not_signed_in": (N_("You are signed out."), N_("Sign in again.")),
    "unknown_currency": (N_("This currency is not known."), N_("Choose one of the list.")),
    "days_pending": (
        N_("The days of this period are still being computed in this currency."),
        N_("Try again shortly."),
    ),
    "unknown_period": (N_("This period is not known."), N_("Choose one of the list.")),
    "unknown_time_zone": (N_("This time zone is not known."), N_("Choose one of the list.")),
    "unknown_language": (N_("This language is not known."), N_("Choose one of the list.")),
}

SYNC_MESSAGES: Mapping[str, tuple[str, str]] = {
    "missed": (
        N_("The reading was missed."),
        N_("The sidecar was busy, or the database took nothing for a while. If it stays so, start another sidecar."),
    ),
    "stopped": (
        N_("The sidecar was stopped before the reading ended."),
        N_("Nothing to do: the account is read again as soon as a sidecar runs."),
    ),
    "internal": (
        N_("The reading broke off for a reason of our own."),
        N_("Nothing of it was stored. The sidecar's log says more: look for the account's id and the run's number."),
    ),
    "ledger_pending": (
        N_("The holdings changed much, and the ledger was read a moment ago."),
        N_("Nothing to do: both are read again within a minute, so that a deposit is not taken for a profit."),
    ),
    "empty_unconfirmed": (
        N_("All wallets answered empty at once."),
        N_("Nothing to do: it counts only when a second reading agrees. The last values stay, with their age."),
    ),
    "not_reported": (
        N_("{exchange} no longer mentions this wallet."),
        N_("Its last value stays, with its age. Check at the exchange whether the wallet was closed."),
    ),
    "suspect": (
        N_("Two readings in a row contradicted each other."),
        N_("Neither was believed; the last values stay, with their age. Compare them with what {exchange} shows."),
    ),
    "stale_at_exchange": (
        N_("{exchange} keeps sending the same old answer."),
        N_("Nothing to do: we go on asking. The figures count as old until its own clock moves on."),
    ),
}

KNOWN: Mapping[str, tuple[str, str]] = {**KEY_MESSAGES, **EXCHANGE_MESSAGES, **PLATFORM_MESSAGES, **SYNC_MESSAGES}
UNKNOWN = (
    N_("Something went wrong (support code {support})."),
    N_("Try again in a moment. If it stays, tell the operator the support code. The last values stay, with their age."),
)


def explain(code: str, *, exchange: str = "", ips: str = "") -> Message:
    """Return title and cure for a code; one that is not known gets a safe text with a support code.

    `exchange` is the exchange's display name, `ips` the addresses this server calls from, as the operator set them.
    """
    title, cure = KNOWN.get(code, UNKNOWN)
    words = {
        "exchange": exchange or _("the exchange"),
        "ips": ips or _("of this server"),
        "support": support_code(code),
    }
    return Message(_capital(_(title).format(**words)), _capital(_(cure).format(**words)))


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def support_code(code: str) -> str:
    """Return the short form of a code that a person can read out to the operator; always the same for one code."""
    return "A-" + sha256(code.encode()).hexdigest()[:5].upper()
