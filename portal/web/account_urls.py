"""Logging in and out, and setting a new password: allauth's views with our templates. Nobody signs up without an invitation."""

from allauth.account import views
from django.urls import path, re_path
from django.views.generic import RedirectView

from portal.web.accounts import logged_out_everywhere

urlpatterns = [
    path("login/", views.login, name="account_login"),
    path("logout/", logged_out_everywhere(views.logout), name="account_logout"),
    path("password/change/", views.password_change, name="account_change_password"),
    path("password/set/", views.password_set, name="account_set_password"),
    path("password/reset/", views.password_reset, name="account_reset_password"),
    path("password/reset/done/", views.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[^/]+)/$",
        views.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path("password/reset/key/done/", views.password_reset_from_key_done, name="account_reset_password_from_key_done"),
    path("signup/", views.signup, name="account_signup"),
    path("reauthenticate/", views.reauthenticate, name="account_reauthenticate"),
    path("inactive/", views.account_inactive, name="account_inactive"),
    path("email/", RedirectView.as_view(pattern_name="account_change_password"), name="account_email"),
]
