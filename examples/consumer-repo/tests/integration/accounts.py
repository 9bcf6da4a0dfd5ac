"""An operator with an account for each team, as `nsc` makes them: signed tokens (JWT) that a NATS server believes."""

import base64
import json
import os
import time
from pathlib import Path
from typing import Any, Final

import nkeys  # type: ignore[import-untyped]  # it has no types

UNLIMITED: Final = -1
EVERYTHING: Final = ("subs", "data", "payload", "imports", "exports", "conn", "leaf")
STORAGE: Final = ("mem_storage", "disk_storage", "streams", "consumer")


class Operator:
    """Who signs accounts, and the accounts."""

    def __init__(self) -> None:
        self.keys = new_keys(nkeys.PREFIX_BYTE_OPERATOR)
        self.system = Account("SYS", self, has_storage=False)
        self.accounts = [self.system]

    def account(self, name: str) -> "Account":
        self.accounts.append(Account(name, self))
        return self.accounts[-1]

    def configuration(self) -> dict[str, Any]:
        """What the servers are told: nothing of it is secret."""
        token = sign(self.keys, self.keys, "operator", {"type": "operator", "version": 2})
        return {
            "operator": token,
            "system_account": self.system.id,
            "resolver": "MEMORY",
            "resolver_preload": {account.id: account.token for account in self.accounts},
        }


class Account:
    """One team's account: its streams are its own."""

    def __init__(self, name: str, operator: Operator, *, has_storage: bool = True) -> None:
        self.keys = new_keys(nkeys.PREFIX_BYTE_ACCOUNT)
        limits = {**dict.fromkeys(EVERYTHING, UNLIMITED), "wildcards": True}
        limits |= dict.fromkeys(STORAGE, UNLIMITED) if has_storage else {}
        self.token = sign(operator.keys, self.keys, name, {"limits": limits, "type": "account", "version": 2})

    @property
    def id(self) -> str:
        """The account's public name, which starts with A."""
        return public(self.keys)

    def credentials(self, path: Path) -> Path:
        """Writes the file of a new user of the account."""
        user = new_keys(nkeys.PREFIX_BYTE_USER)
        limits = dict.fromkeys(("subs", "data", "payload"), UNLIMITED)
        token = sign(self.keys, user, "worker", {"pub": {}, "sub": {}, **limits, "type": "user", "version": 2})
        seed = bytes(user.seed).decode()
        path.write_text(
            f"-----BEGIN NATS USER JWT-----\n{token}\n------END NATS USER JWT------\n\n"
            f"-----BEGIN USER NKEY SEED-----\n{seed}\n------END USER NKEY SEED------\n"
        )
        return path


def new_keys(kind: int) -> Any:
    return nkeys.from_seed(nkeys.encode_seed(os.urandom(32), kind))


def public(keys: Any) -> str:
    return bytes(keys.public_key).decode()


def sign(issuer: Any, subject: Any, name: str, facts: dict[str, Any]) -> str:
    """A token by which the issuer says these facts of the subject."""
    claims = {
        "iat": int(time.time()),
        "iss": public(issuer),
        "jti": os.urandom(16).hex(),
        "name": name,
        "nats": facts,
        "sub": public(subject),
    }
    head, body = (encode(json.dumps(part).encode()) for part in ({"typ": "JWT", "alg": "ed25519-nkey"}, claims))
    return f"{head}.{body}.{encode(issuer.sign(f'{head}.{body}'.encode()))}"


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
