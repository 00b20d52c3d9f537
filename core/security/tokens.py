"""Random tokens of login sessions, API access and one-time links; only their keyed hashes are stored."""

import os

from core.security.app_key import AppKey, Subkey
from core.security.encoding import b64u_encode
from core.security.secret import Secret

TOKEN_BYTES = 32


def new_token() -> Secret:
    """Return 32 random bytes as base64url text (43 characters), to be shown or sent once."""
    return Secret(b64u_encode(os.urandom(TOKEN_BYTES)))


def hash_token(app_key: AppKey, purpose: Subkey, token: Secret | str) -> str:
    """Return what is stored instead of a token: HMAC-SHA256 of its text under the purpose's subkey, 64 hex digits.

    Never fails on foreign input: a malformed token has a hash that is stored nowhere. A token of one purpose is
    worth nothing for another.
    """
    text = token.reveal() if isinstance(token, Secret) else token
    return app_key.mac(purpose, text.encode("utf-8", "surrogatepass"))
