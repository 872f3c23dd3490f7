"""Checkpoints: what a run needs to go on in another process, in files that are whole or refused.

- `settings`: the section of the policy
- `plain`: plain data as JSON, and what is left out by name
- `memory`: an agent's memory as JSON
- `checkpoint`: what is in one
- `store`: files that are written in one piece and checked when they are read
- `writer`: when one is written
- `restored`: how a run goes on from one
"""
