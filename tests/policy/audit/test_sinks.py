"""Records that go elsewhere than into the file."""

from __future__ import annotations

import json
import logging

import pytest

from smolagents import CodeAgent, ToolCallingAgent, tool
from smolagents.hooks_testing import ScriptedModel, code
from smolagents.policy import Policy, PolicyError, PolicyHook
from smolagents.policy.audit import LoggingSink, OpenTelemetrySink

from .trails import hook_for, play, records


@tool
def shell(command: str) -> str:
    """Run a command.

    Args:
        command: What to run.
    """
    return f"did {command}"


class Kept:
    """Keeps records in memory."""

    def __init__(self):
        self.records = []

    def write(self, record):
        self.records.append(record)


def sink_only(*sinks: object, **policy: object) -> PolicyHook:
    data = {"version": 1, "default": "allow", "audit": {}, **policy}
    return PolicyHook(Policy.from_data(data), audit_sinks=sinks)


def test_a_sink_gets_what_is_in_the_file(path):
    kept = Kept()
    play(hook_for(path, [kept]), command="ls")

    in_file = records(path, "before", "after")
    for record in in_file:
        del record["seq"], record["mac"], record["process"]
    assert kept.records == in_file


def test_sinks_alone_need_neither_a_file_nor_a_key(monkeypatch):
    monkeypatch.delenv("SMOLAGENTS_AUDIT_KEY")
    kept = Kept()
    play(sink_only(kept, audit={"payload": "redacted"}), command="ls", password="hunter2")

    before, after = kept.records
    assert before["arguments"] == {"command": "ls", "password": {"$": "redacted"}}
    assert "arguments_digest" not in before  # It would need a key
    assert after["status"] == "ok"


def test_records_that_go_nowhere_are_refused():
    with pytest.raises(PolicyError, match="nowhere to write records to"):
        sink_only()


def test_sinks_without_the_section_are_refused():
    with pytest.raises(PolicyError, match="its policy no section `audit`"):
        PolicyHook(Policy(version=1), audit_sinks=[Kept()])


def test_a_sink_that_has_no_method_is_refused():
    with pytest.raises(TypeError, match="has no method `write`"):
        sink_only(print)
    with pytest.raises(TypeError, match="has no method `write`"):
        sink_only(Kept)


@pytest.mark.parametrize("on_error", ["deny", "allow"])
def test_a_sink_that_fails_counts_as_the_policy_says(on_error):
    class Failing:
        def write(self, record):
            raise RuntimeError("with a secret in it")

    hook = sink_only(Failing(), audit={"on_audit_error": on_error})
    assert play(hook, command="ls") == (on_error == "allow")


def test_records_are_logged(caplog):
    hook = sink_only(LoggingSink("my.audit"), tools={"deny": ["no"]})
    with caplog.at_level(logging.INFO, "my.audit"):
        play(hook, command="ls")
        play(hook, "no")

    assert [(line.name, line.levelname, line.audit["type"]) for line in caplog.records] == [
        ("my.audit", "INFO", "before"),
        ("my.audit", "INFO", "after"),
        ("my.audit", "WARNING", "denied"),
    ]
    assert all(json.loads(line.message) == line.audit for line in caplog.records)


# OpenTelemetry, with its own SDK


@pytest.fixture
def exported():
    """A tracer provider, and the spans that it exported."""
    sdk = pytest.importorskip("opentelemetry.sdk.trace")
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    exporter, provider = InMemorySpanExporter(), sdk.TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return provider, exporter.get_finished_spans


def test_records_are_events_of_the_current_span(exported):
    provider, spans = exported
    hook = sink_only(OpenTelemetrySink(provider), name="office", audit={"payload": "redacted"})
    with provider.get_tracer("test").start_as_current_span("work"):
        play(hook, command="ls")

    (span,) = spans()
    assert [event.name for event in span.events] == ["smolagents.policy.before", "smolagents.policy.after"]
    said = span.events[0].attributes
    assert said["smolagents.policy.name"] == "shell"
    assert said["smolagents.policy.agents"] == ("CodeAgent",)
    assert json.loads(said["smolagents.policy.arguments"]) == {"command": "ls"}
    assert json.loads(said["smolagents.policy.decision"])["action"] == "allow"
    assert "smolagents.policy.denied" not in span.attributes


def test_a_refusal_marks_the_span(exported):
    provider, spans = exported
    hook = sink_only(OpenTelemetrySink(provider), tools={"deny": ["shell"]})
    with provider.get_tracer("test").start_as_current_span("work"):
        play(hook, command="ls")

    (span,) = spans()
    assert dict(span.attributes) == {"smolagents.policy.denied": True, "smolagents.policy.code": "tool_denied"}


def test_a_record_outside_of_any_span_is_a_span_of_its_own(exported):
    provider, spans = exported
    play(sink_only(OpenTelemetrySink(provider)), command="ls")

    assert [span.name for span in spans()] == ["smolagents.policy.before", "smolagents.policy.after"]
    assert all(len(span.events) == 1 for span in spans())


@pytest.mark.parametrize("kind", [CodeAgent, ToolCallingAgent])
def test_together_with_openinference_records_are_events_of_the_spans_of_the_agent(exported, kind):
    instrumentation = pytest.importorskip("openinference.instrumentation.smolagents")
    provider, spans = exported
    instrumentor = instrumentation.SmolagentsInstrumentor()
    instrumentor.instrument(tracer_provider=provider)
    try:
        rule = {"id": "no-rm", "when": {"name": "shell", "arguments": {"command": {"prefix": "rm"}}}, "action": "deny"}
        hook = sink_only(OpenTelemetrySink(provider), rules=[rule])
        if kind is CodeAgent:
            turns = [code("shell('ls')\ntry:\n    shell('rm x')\nexcept Exception:\n    final_answer('done')")]
        else:
            turns = [[("shell", {"command": "ls"})], [("shell", {"command": "rm x"})]]
            turns.append([("final_answer", {"answer": "done"})])
        agent = kind(tools=[shell], model=ScriptedModel(*turns), hooks=[hook], verbosity_level=0)
        assert agent.run("Do.") == "done"
    finally:
        instrumentor.uninstrument()

    assert not [span.name for span in spans() if span.name.startswith("smolagents.policy")], "a record lost its span"
    by_event = {event.name: span.name for span in spans() for event in span.events}
    assert by_event["smolagents.policy.run_started"] == f"{kind.__name__}.run"
    assert by_event["smolagents.policy.before"].startswith("Step ")
    (refused,) = [span for span in spans() if (span.attributes or {}).get("smolagents.policy.denied")]
    assert refused.attributes["smolagents.policy.code"] == "rule"
    tools = [span for span in spans() if (span.attributes or {}).get("openinference.span.kind") == "TOOL"]
    assert len(tools) == 2  # What was refused is no call
