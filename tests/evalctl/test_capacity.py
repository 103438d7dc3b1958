"""`evalctl capacity`: the table of demands."""

from typer.testing import CliRunner

from environments.demands import demands
from environments.spec import Environment
from evalctl.main import app
from tests.support.each_environment import EACH_ENVIRONMENT


def _output(*arguments: str, status: int) -> str:
    result = CliRunner(env={"COLUMNS": "250"}).invoke(app, ["capacity", *arguments])
    assert result.exit_code == status, result.output
    return result.output


@EACH_ENVIRONMENT
def test_the_table_has_a_line_for_each_demand_with_both_numbers(env: Environment) -> None:
    lines = _output(env.name, status=0).splitlines()
    for demand in demands(env):
        (line,) = (line for line in lines if line.partition("│")[0].strip() == demand.what)
        assert f"{demand.needs:,}" in line
        assert f"{demand.has:,}" in line


def test_an_unknown_environment_is_an_error_of_usage() -> None:
    assert "no environment 'nowhere'" in _output("nowhere", status=2)
