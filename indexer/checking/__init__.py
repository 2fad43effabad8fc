"""The symbol check: findings, and what becomes of them."""
