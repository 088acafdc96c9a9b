"""Tests of bot/watcher/."""
