"""The style guide shows every component, and every template keeps to what the components promise."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.http import Http404
from django.template import Context, Template
from django.test import RequestFactory
from pytest_django.fixtures import Settings

from foundation.tenancy.models import User
from portal.web.styleguide import icon_names, styleguide

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ROOT / "templates"
COMPONENTS = sorted((TEMPLATES / "components").glob("*.html"))
ALL_TEMPLATES = sorted(path for path in TEMPLATES.rglob("*.html") if "emails" not in path.parts)
BUILT_IN = {"slot", "attrs", "request", "csrf_token"}


def name_of(component: Path) -> str:
    return component.stem.replace("_", "-")


def page(settings: Settings) -> str:
    settings.DEBUG = True
    request = RequestFactory().get("/styleguide/")
    request.user = User()
    return styleguide(request).content.decode()


def test_it_is_absent_from_a_live_installation_for_whoever_is_not_staff(settings: Settings) -> None:
    settings.DEBUG = False
    request = RequestFactory().get("/styleguide/")
    request.user = User(is_staff=False)
    with pytest.raises(Http404):
        styleguide(request)
    request.user = User(is_staff=True)
    assert styleguide(request).status_code == 200


def test_it_shows_every_icon_of_the_sprite(settings: Settings) -> None:
    shown = page(settings)
    assert [name for name in icon_names() if f"#{name}" not in shown] == []


def test_every_component_is_used_by_the_style_guide_or_the_shell() -> None:
    shell = [*TEMPLATES.glob("*.html"), *(TEMPLATES / "styleguide").glob("*.html"), *COMPONENTS]
    text = "\n".join(path.read_text(encoding="utf-8") for path in shell)
    assert [name_of(path) for path in COMPONENTS if not re.search(rf"<c-{name_of(path)}[\s/>]", text)] == []


def test_every_component_is_documented() -> None:
    text = (ROOT / "docs" / "components.md").read_text(encoding="utf-8")
    assert [name_of(path) for path in COMPONENTS if f"`<c-{name_of(path)}>`" not in text] == []


@pytest.mark.parametrize("component", COMPONENTS, ids=name_of)
def test_a_component_reads_only_what_it_declares_so_that_no_value_of_the_page_leaks_in(component: Path) -> None:
    text = component.read_text(encoding="utf-8")
    declared = set(re.findall(r"[\s:]([a-z_]+)=", " ".join(re.findall(r"<c-vars(.*?)/>", text, re.DOTALL))))
    made = (
        set(re.findall(r" as (\w+) ?%}", text))
        | set(re.findall(r"{% with (\w+)=", text))
        | set(re.findall(r" (\w+)=request", text))
    )
    for names in re.findall(r"{% for ([\w, ]+) in", text):
        made |= set(names.replace(" ", "").split(","))
    read = set(re.findall(r"{{ ?([a-z_]+)", text)) | set(re.findall(r"{% (?:if|elif) (?:not )?([a-z_]+)", text))
    assert read - declared - made - BUILT_IN - {"messages"} == set()


@pytest.mark.parametrize("template", ALL_TEMPLATES, ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_a_template_holds_nothing_that_the_content_security_policy_forbids(template: Path) -> None:
    text = template.read_text(encoding="utf-8")
    assert re.findall(r"<style|\sstyle=|\shx-on|\son[a-z]+=|javascript:", text) == []
    assert [tag for tag in re.findall(r"<script[^>]*>", text) if "src=" not in tag] == []


@pytest.mark.parametrize("template", ALL_TEMPLATES, ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_a_template_names_only_icons_that_exist(template: Path) -> None:
    text = template.read_text(encoding="utf-8")
    named = set(re.findall(r'(?<!:)\bicon="([a-z-]+)"', text)) | set(re.findall(r'<c-icon name="([a-z-]+)"', text))
    assert named - set(icon_names()) == set()


def rendered(source: str, **values: object) -> str:
    """A template of text, through the component compiler as a template file would go."""
    from_text = Template(source)
    return from_text.render(Context(values))


@pytest.mark.parametrize("value", ['" onmouseover="alert(1)', "' onmouseover='alert(1)", '"x" onclick=a "', "<b>"])
def test_attributes_that_pass_through_are_escaped(value: str) -> None:
    shown = rendered('{% cotton badge word="x" :data-note="value" %}{% endcotton %}', value=value)
    inside = re.search(r'data-note="([^"]*)"', shown)
    assert inside is not None
    assert "alert(1)" not in shown.replace(inside[0], "")
    assert not set(inside[1]) & set("<>'\"")


def test_a_dialog_that_posts_carries_the_token() -> None:
    shown = rendered('{% cotton dialog id="d" title="Sure?" action="/x/" %}{% endcotton %}', csrf_token="t0ken")
    assert 'name="csrfmiddlewaretoken" value="t0ken"' in shown


def test_unknown_expected_gives_a_bar_without_a_share() -> None:
    shown = rendered('{% cotton progress label="Notes" :done="12400" noun="notes" %}{% endcotton %}')
    assert '<progress aria-label="Notes"></progress>' in shown
    assert "12,400" in shown
    assert "so far" in shown
