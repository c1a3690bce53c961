"""Which request goes where, on one page; it also is the door that each connection knocks at."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import msgspec

from couvert.simulator import control, query
from couvert.simulator.errors import AwsError, rest_answer, well_shaped
from couvert.simulator.exchange import Answer, Reply, Request
from couvert.simulator.ses import account, configuration_sets, identities, send, tenants
from couvert.simulator.signatures import check_signature
from couvert.simulator.sqs import calls as sqs
from couvert.simulator.sqs.answers import refused as refused_by_sqs

if TYPE_CHECKING:
    from couvert.simulator.world import World

Call = Callable[..., Reply]
"""Of the world, the request, and what stands in the path's places."""

SEND_EMAIL: Final = "/v2/email/outbound-emails"

CERTIFICATE: Final = "/SimpleNotificationService-"

TABLE: Final[tuple[tuple[str, str, Call], ...]] = (
    ("POST", SEND_EMAIL, send.send_email),
    ("GET", "/v2/email/account", account.get_account),
    ("PUT", "/v2/email/account/sending", account.put_sending),
    ("GET", "/v2/email/identities", identities.list_all),
    ("POST", "/v2/email/list-identities", identities.list_all),
    ("POST", "/v2/email/identities", identities.create),
    ("GET", "/v2/email/identities/{}", identities.get),
    ("DELETE", "/v2/email/identities/{}", identities.delete),
    ("PUT", "/v2/email/identities/{}/configuration-set", identities.put_configuration_set),
    ("GET", "/v2/email/configuration-sets", configuration_sets.list_all),
    ("POST", "/v2/email/list-configuration-sets", configuration_sets.list_all),
    ("POST", "/v2/email/configuration-sets", configuration_sets.create),
    ("GET", "/v2/email/configuration-sets/{}", configuration_sets.get),
    ("DELETE", "/v2/email/configuration-sets/{}", configuration_sets.delete),
    ("PUT", "/v2/email/configuration-sets/{}/sending", configuration_sets.put_sending),
    ("GET", "/v2/email/configuration-sets/{}/event-destinations", configuration_sets.get_destinations),
    ("POST", "/v2/email/configuration-sets/{}/event-destinations", configuration_sets.create_destination),
    ("PUT", "/v2/email/configuration-sets/{}/event-destinations/{}", configuration_sets.put_destination),
    ("DELETE", "/v2/email/configuration-sets/{}/event-destinations/{}", configuration_sets.delete_destination),
    ("POST", "/v2/email/tenants/get", tenants.get),
    ("POST", "/v2/email/tenants/list", tenants.list_all),
    ("GET", "/simulator", control.state),
    ("GET", "/simulator/faults", control.faults),
    ("PUT", "/simulator/faults", control.put_faults),
    ("GET", "/simulator/mails", control.mails),
    ("GET", "/simulator/copies", control.copies),
    ("GET", "/simulator/rates", control.rates),
    ("POST", "/simulator/reset", control.reset),
)
RIGHTS: Final[dict[Call, str]] = {
    send.send_email: "SendEmail",
    account.get_account: "GetAccount",
    account.put_sending: "PutAccountSendingAttributes",
    identities.list_all: "ListEmailIdentities",
    identities.create: "CreateEmailIdentity",
    identities.get: "GetEmailIdentity",
    identities.delete: "DeleteEmailIdentity",
    identities.put_configuration_set: "PutEmailIdentityConfigurationSetAttributes",
    configuration_sets.list_all: "ListConfigurationSets",
    configuration_sets.create: "CreateConfigurationSet",
    configuration_sets.get: "GetConfigurationSet",
    configuration_sets.delete: "DeleteConfigurationSet",
    configuration_sets.put_sending: "PutConfigurationSetSendingOptions",
    configuration_sets.get_destinations: "GetConfigurationSetEventDestinations",
    configuration_sets.create_destination: "CreateConfigurationSetEventDestination",
    configuration_sets.put_destination: "UpdateConfigurationSetEventDestination",
    configuration_sets.delete_destination: "DeleteConfigurationSetEventDestination",
    tenants.get: "GetTenant",
    tenants.list_all: "ListTenants",
}
"""What each call of SES is named in policies."""
_PLAIN: Final = {(method, path): call for method, path, call in TABLE if "{}" not in path}
_WITH_PLACES: Final = [
    (method, re.compile(path.replace("{}", "([^/]+)")), call) for method, path, call in TABLE if "{}" in path
]


class Routes:
    def __init__(self, world: World) -> None:
        self._world = world

    def cuts_before_body(self, method: str, path: str) -> bool:
        return method == "POST" and path == SEND_EMAIL and self._world.faults.cut_before_body.strikes()

    def answer(self, request: Request) -> Reply:
        if "x-amz-target" in request.headers:
            return self._sqs(request)
        if request.path.startswith(("/v2/", "/simulator")):
            return self._rest(request)
        if request.path.startswith(CERTIFICATE) and request.path == self._world.sns.signer.certificate_path:
            return Answer(200, self._world.sns.signer.certificate, "application/x-pem-file")
        return self._query(request)

    def _rest(self, request: Request) -> Reply:
        try:
            if request.path.startswith("/v2/"):
                self._check(request, "ses")
            with well_shaped("BadRequestException"):
                return self._called(request)
        except AwsError as error:
            return rest_answer(error)
        except msgspec.DecodeError as wrong:
            return rest_answer(AwsError("BadRequestException", str(wrong)))

    def _called(self, request: Request) -> Reply:
        call = _PLAIN.get((request.method, request.path))
        if call is not None:
            self._allow(call)
            return call(self._world, request)
        for method, path, with_places in _WITH_PLACES:
            if method == request.method and (found := path.fullmatch(request.path)):
                self._allow(with_places)
                return with_places(self._world, request, *found.groups())
        raise AwsError("UnknownOperationException")

    def _allow(self, call: Call) -> None:
        if self._world.faults.denied and call in RIGHTS:
            self._world.allow(f"ses:{RIGHTS[call]}")

    def _sqs(self, request: Request) -> Reply:
        try:
            self._check(request, "sqs")
            return sqs.answer(self._world, request)
        except AwsError as error:
            return refused_by_sqs(error)

    def _query(self, request: Request) -> Reply:
        try:
            form = request.form if request.method == "POST" else request.query
            if form.get("Action") not in query.UNSIGNED or "authorization" in request.headers:
                self._check(request, "sns", "sts")
            return query.answer(self._world, request)
        except AwsError as error:
            return query.refused(error)

    def _check(self, request: Request, *services: str) -> None:
        check_signature(request, services, self._world.options.secrets, time.time())
