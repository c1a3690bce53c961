"""What a browser does: keeps cookies, reads forms, and sends them as they were given."""

from __future__ import annotations

import re
from typing import Any, Final

import httpx2

from tests.api.v1.service import Service

PASSWORD: Final = "correct horse"
_FORM: Final = re.compile(r'<form method="post" action="([^"]+)">(.*?)</form>', re.DOTALL)
_FIELD: Final = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


class Browser:
    def __init__(self, service: Service) -> None:
        self.service = service
        self.cookies: dict[str, str] = {}
        self.page = httpx2.Response(200, text="")

    async def get(self, path: str) -> httpx2.Response:
        return await self._ask("GET", path)

    async def send(self, action: str, **fields: Any) -> httpx2.Response:
        """The form of the page that is open, with its hidden fields."""
        (hidden,) = [dict(_FIELD.findall(form)) for to, form in _FORM.findall(self.page.text) if to == action][:1]
        return await self._ask("POST", action, data={**hidden, **fields})

    async def post(self, path: str, **fields: Any) -> httpx2.Response:
        """Without any form of ours."""
        return await self._ask("POST", path, data=fields)

    async def sign_in(self, email: str, password: str = PASSWORD) -> httpx2.Response:
        await self.get("/console/login")
        return await self.send("/console/login", email=email, password=password)

    async def set_up(self, email: str) -> httpx2.Response:
        """As the first admin."""
        await self.get(await self.service.parts.accounts.set_up.new_path())
        return await self.send("/console/setup", first_name="Alice", last_name="Ash", email=email, password=PASSWORD)

    async def _ask(self, method: str, path: str, **given: Any) -> httpx2.Response:
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {"Cookie": cookie} if cookie else {}
        answer = await self.service.request(method, path, headers=headers, **given)
        for name, value in answer.cookies.items():
            self.cookies[name] = value
        for gone in re.findall(r'(\w+)=""; ', "\n".join(answer.headers.get_list("set-cookie"))):
            self.cookies.pop(gone, None)
        self.page = answer
        return answer
