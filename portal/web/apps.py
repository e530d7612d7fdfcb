"""The pages."""

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.core import checks
from django.urls import register_converter


class WebConfig(AppConfig):
    name = "portal.web"
    label = "web"

    def ready(self) -> None:
        from allauth.account.signals import password_changed, password_reset, password_set

        from portal.web import accounts
        from portal.web.converters import IdConverter
        from portal.web.proxies import check_proxies

        checks.register(check_proxies)
        register_converter(IdConverter, "id")
        receivers = (
            (user_logged_in, accounts.logged_in),
            (user_logged_out, accounts.logged_out),
            (user_login_failed, accounts.log_in_failed),
            (password_changed, accounts.password_changed),
            (password_reset, accounts.password_was_reset),
            (password_set, accounts.password_changed),
        )
        for signal, receiver in receivers:
            signal.connect(receiver, dispatch_uid=receiver.__name__)
