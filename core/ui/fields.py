"""Inputs for an exchange's key, drawn from what the exchange says it needs; nothing typed into them is kept."""

import re
from uuid import UUID

import streamlit as st

from connectors.types import CredentialField, ExchangeInfo
from core.services.account_keys import NewKey
from core.ui.flash import field_label
from core.ui.i18n import _

LONGEST_KEY = 8192


def takes_lines(info: ExchangeInfo) -> bool:
    """Tell whether a key of this exchange may be a text of several lines (a PEM file)."""
    return any(field.multiline for field in info.credential_fields)


def render_key_fields(info: ExchangeInfo, prefix: str, *, in_lines: bool = False) -> None:
    """Draw one input per credential field, inside a form; `prefix` keeps the inputs of different forms apart.

    `in_lines` shows the fields that take a PEM file as areas of several lines, in which what is typed can be seen.
    """
    optional = _("optional")
    for field in info.credential_fields:
        key = input_key(prefix, field)
        label = field_label(field.name)
        if field.kind == "choice":
            st.selectbox(label, field.choices, key=key, index=_usual_choice(field))
        elif field.multiline and in_lines:
            st.text_area(label, key=key, max_chars=LONGEST_KEY, height=140, help=_("Paste it whole, with all lines."))
        else:
            hidden = field.secret or field.kind == "password"
            st.text_input(
                label if field.required else f"{label} ({optional})",
                key=key,
                type="password" if hidden else "default",
                max_chars=LONGEST_KEY,
                autocomplete="new-password" if hidden else "off",
                help=_("The one you made up together with the key, not the password of the account.")
                if field.name == "passphrase"
                else None,
            )


def read_key(info: ExchangeInfo, prefix: str) -> NewKey:
    """Return what was typed; the caller seals it in the same run and then calls `forget_key`."""
    typed = {field: str(st.session_state.get(input_key(prefix, field)) or "") for field in info.credential_fields}
    return NewKey(
        fields={field.name: text for field, text in typed.items() if field.kind != "choice"},
        options={field.name: text for field, text in typed.items() if field.kind == "choice"},
    )


def unusual_fields(info: ExchangeInfo, prefix: str) -> list[str]:
    """Return the labels of inputs that do not look like what the exchange usually issues: a warning, no refusal."""
    return [
        field_label(field.name)
        for field in info.credential_fields
        if not _looks_usual(field, str(st.session_state.get(input_key(prefix, field)) or "").strip())
    ]


def forget_key(prefix: str) -> None:
    """Take everything typed under this prefix out of the session."""
    for key in [key for key in st.session_state if str(key).startswith(prefix)]:
        del st.session_state[key]


def input_key(prefix: str, field: CredentialField) -> str:
    """Return the widget key of one input."""
    return f"{prefix}{field.name}"


def key_prefix(exchange: str, account_id: UUID | None = None) -> str:
    """Return the prefix of the key inputs of an exchange, or of one account whose key is replaced."""
    return f"key_{account_id or exchange}_"


def _usual_choice(field: CredentialField) -> int:
    return field.choices.index(field.default) if field.default in field.choices else 0


def _looks_usual(field: CredentialField, text: str) -> bool:
    if not text or field.kind == "choice":
        return True
    if field.usual_length and not field.usual_length[0] <= len(text) <= field.usual_length[1]:
        return False
    return field.pattern is None or re.fullmatch(field.pattern, text) is not None
