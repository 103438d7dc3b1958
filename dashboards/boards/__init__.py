"""What is watched: boards, their rows, and what Prometheus records for them."""

from dashboards.boards import ai_quality, llm_cost, platform_health
from dashboards.observable import Board
from environments.spec import Environment


def boards(env: Environment) -> tuple[Board, ...]:
    return (platform_health.board(env), llm_cost.board(env), ai_quality.board(env))
