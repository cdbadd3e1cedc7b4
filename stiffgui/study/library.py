"""The studies that come with stiffgui, by name: `studies["climate"]`. TOML in resources/studies."""

from __future__ import annotations

from stiffgui._presets import presets
from stiffgui._shipped import Shipped
from stiffgui.study.declaration import Study

studies = Shipped("study", "studies", Study.of, presets)
