"""The plugin kit: what every model of the zoo is checked for, for the authors of plugins.

    from zoo.testing import parametrize_checks

    @parametrize_checks("my.model")
    def test_my_model(check):
        check()

From a shell: `zoo check my.model`. The checks are those that zoo's own models pass; `docs/plugin-kit.md` lists them.
"""

from zoo.testing.check import Check, Failed, Report, Result, Skipped
from zoo.testing.kit import check_model, checks, parametrize_checks

__all__ = ["Check", "Failed", "Report", "Result", "Skipped", "check_model", "checks", "parametrize_checks"]
