"""A small OpenID Connect provider: discovery, authorization, token, keys. It logs in whoever the test says."""

import json
import threading
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from secrets import token_urlsafe
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT_ID, CLIENT_SECRET = "the-dashboard", token_urlsafe(24)


@dataclass
class LoginProvider:
    """`claims` are what the next login's token says beside the protocol's own; `lasts_s` is how long it is valid."""

    claims: dict[str, Any] = field(default_factory=dict)
    lasts_s: float = 600.0
    issuer: str = ""
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"}))
    asked: dict[str, dict[str, str]] = field(default_factory=dict)

    def discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
        }

    def keys(self) -> dict[str, Any]:
        return {"keys": [self.key.as_dict(private=False)]}

    def authorize(self, query: dict[str, str]) -> str:
        """Where the browser goes next: back to the dashboard, with a code. A real one would ask for a password."""
        assert query["client_id"] == CLIENT_ID
        code = token_urlsafe(16)
        self.asked[code] = query
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def token(self, form: dict[str, str], authorization: str) -> dict[str, Any]:
        """For a code and the client's secret, once."""
        given = b64decode(authorization.removeprefix("Basic ")).decode() if authorization else ""
        assert given == f"{CLIENT_ID}:{CLIENT_SECRET}" or form.get("client_secret") == CLIENT_SECRET
        query, now = self.asked.pop(form["code"]), datetime.now(UTC).timestamp()
        told = {"iss": self.issuer, "aud": CLIENT_ID, "iat": int(now), "exp": int(now + self.lasts_s)}
        told |= {"nonce": query["nonce"]} | self.claims
        signed = jwt.encode({"alg": "RS256", "kid": "one"}, told, self.key)
        return {"access_token": token_urlsafe(8), "token_type": "Bearer", "expires_in": 60, "id_token": signed}


@contextmanager
def login_provider() -> Iterator[LoginProvider]:
    """Running on a free port of this machine."""
    provider = LoginProvider()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(provider))
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()


def _handler(provider: LoginProvider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if parts.path == "/authorize":
                self.send_response(HTTPStatus.FOUND)
                self.send_header("Location", provider.authorize(_single(parts.query)))
                self.end_headers()
            elif parts.path == "/keys":
                self._answer(provider.keys())
            else:
                self._answer(provider.discovery())

        def do_POST(self) -> None:
            form = _single(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self._answer(provider.token(form, self.headers.get("Authorization", "")))

        def _answer(self, content: dict[str, Any]) -> None:
            body = json.dumps(content).encode()
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing: the tests look at what the dashboard logs."""

    return Handler


def _single(query: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(query).items()}
