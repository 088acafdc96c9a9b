"""The configuration: TOML in, frozen structs out, every problem at once."""

from bot.config.find import find
from bot.config.load import load
from bot.config.model import (
    AccountConfig,
    Config,
    Filter,
    GuardsConfig,
    Pacing,
    ScheduleConfig,
    SiteConfig,
    SourceConfig,
    StateConfig,
)

__all__ = [
    "AccountConfig",
    "Config",
    "Filter",
    "GuardsConfig",
    "Pacing",
    "ScheduleConfig",
    "SiteConfig",
    "SourceConfig",
    "StateConfig",
    "find",
    "load",
]
