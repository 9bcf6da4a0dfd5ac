"""Hypothesis strategies for whole AgentType specs, built from the fields' own bounds."""

from typing import Any

from hypothesis import strategies as st

from tests.strategies import (
    amounts,
    env_of,
    file_keys,
    images,
    label_keys,
    label_values,
    maps,
    object_names,
    optional,
    optional_names,
    paths,
    placements,
    volumes,
    words,
)

PROVIDERS = ("openai", "own", "mock")
ALIASES = ("default", "cheap", "openai/gpt-5:latest")

entrypoints = st.sampled_from(["main.py", "app.js", "app.mjs", "x.y.cjs"])
code = st.fixed_dictionaries({"configMap": object_names, "entrypoint": entrypoints, "runtimeImage": images})
container: dict[str, Any] = {
    "args": st.lists(words, max_size=3),
    "port": st.integers(1, 65535).filter(lambda port: port not in (18080, 18081, 18090)),
    "env": env_of("agent"),
    "volumes": volumes,
    "probes": optional(
        livenessPath=st.one_of(st.just(""), paths), readinessPath=st.one_of(st.just(""), paths), startupSeconds=st.integers(10, 3600)
    ),
}
agents = st.one_of(
    optional({"image": images}, command=st.lists(words, max_size=3), **container),
    optional({"code": code}, **container),
)

common = {
    "headers": st.dictionaries(st.from_regex(r"x-[a-z]{1,8}", fullmatch=True), words, max_size=3),
    "timeoutSeconds": st.integers(1, 3600),
    "sendTraceContext": st.booleans(),
    "concurrency": st.integers(0, 10000),
    "secret": optional({"name": object_names}, key=file_keys),
}


def providers_of(first: str, second: str) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Two of one protocol, so that any model may stand in for any other, and one that speaks all."""
    urls = st.sampled_from(["https://a.example:8443/v1", "https://b"])
    return st.tuples(
        optional({"name": st.just("openai"), "type": st.just(first)}, **common),
        optional(
            {"name": st.just("own"), "type": st.just(second), "baseUrl": urls},
            tls=st.fixed_dictionaries({"caSecret": object_names}),
            **common,
        ),
        st.just({"name": "mock", "type": "mock"}),
    ).map(list)


providers = st.one_of(providers_of("openai", "openai-compatible"), providers_of("anthropic", "anthropic"))

price = st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,4})?", fullmatch=True)
prices = optional(
    {"inputUsdPerMillionTokens": price, "outputUsdPerMillionTokens": price},
    cachedUsdPerMillionTokens=price,
    cacheWriteUsdPerMillionTokens=price,
    longCacheWriteUsdPerMillionTokens=price,
)
targets = st.lists(
    optional({"provider": st.sampled_from(PROVIDERS), "model": st.sampled_from(["gpt-5", "a/b:c"])}, weight=st.integers(0, 1000)),
    min_size=1,
    max_size=3,
)


def models_of(aliases: list[str]) -> st.SearchStrategy[list[dict[str, Any]]]:
    """A model for each alias, whose fallbacks are among the others."""
    return st.tuples(
        *(
            optional(
                {"alias": st.just(alias), "targets": targets, "price": prices},
                fallbacks=st.lists(st.sampled_from([a for a in aliases if a != alias]), max_size=2, unique=True)
                if len(aliases) > 1
                else st.just([]),
            )
            for alias in aliases
        )
    ).map(list)


def llm_of(aliases: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    period = st.sampled_from(["hour", "day", "month", "total"])
    budgets = st.one_of(
        optional({"tokens": st.integers(1, 10**12)}, period=period, action=st.sampled_from(["deny", "warn"])),
        optional(
            {"usd": st.sampled_from(["1", "0.000001", "999999999"]), "action": st.just("degrade"), "degradeTo": st.sampled_from(aliases)}
        ),
    )
    return optional(
        {"providers": providers, "models": models_of(aliases)},
        defaultModel=st.sampled_from(["", *aliases]),
        budget=budgets,
        retry=optional(attempts=st.integers(1, 10), initialBackoffMilliseconds=st.integers(1, 5000)),
        circuitBreaker=optional(failures=st.integers(0, 1000), windowSeconds=st.integers(1, 3600)),
        rateLimit=optional(requestsPerMinute=st.integers(0, 10**6), tokensPerMinute=st.integers(0, 10**9)),
    )


llms = st.one_of(
    st.just({}),
    st.lists(st.sampled_from(ALIASES), min_size=1, max_size=3, unique=True).flatmap(llm_of),
)
scalings = st.one_of(
    optional(replicas=st.integers(0, 1000)),
    st.tuples(st.integers(1, 50), st.integers(0, 50), st.integers(1, 100)).map(
        lambda n: {"minReplicas": n[0], "maxReplicas": n[0] + n[1], "cpuUtilizationPercent": n[2]}
    ),
)
egress = st.lists(
    st.one_of(
        optional({"namespace": object_names}, ports=st.lists(st.integers(1, 65535), max_size=3, unique=True)),
        optional({"cidr": st.sampled_from(["10.0.0.0/8", "fd00::/8"])}, ports=st.lists(st.integers(1, 65535), max_size=3, unique=True)),
    ),
    max_size=3,
)
networks = st.one_of(st.just({}), st.fixed_dictionaries({"policy": st.just("restricted"), "egress": egress}))
skills = st.just([{"id": "a", "name": "A", "description": "does a"}, {"id": "b", "name": "B", "description": "does b", "tags": ["x"]}])
agent_specs = optional(
    {"agent": agents},
    size=st.sampled_from(["small", "medium", "large"]),
    resources=optional(requests=amounts),
    imagePullSecrets=st.lists(object_names, max_size=3, unique=True),
    wrapper=st.one_of(
        st.just({"mode": "none"}),
        optional(
            failurePolicy=st.sampled_from(["Ignore", "Fail"]),
            python=optional(pythonPath=st.sampled_from(["", "/srv:/lib"])),
            node=optional(options=words),
        ),
    ),
    sidecar=optional(logLevel=st.sampled_from(["debug", "info", "warning", "error"]), resources=optional(limits=st.just({"cpu": "1"}))),
    llm=llms,
    card=optional({"name": st.just("Agent"), "description": st.just("Does things")}, version=st.just("2.0"), skills=skills),
    nats=st.one_of(
        optional(url=st.just(""), replicas=st.sampled_from([1, 3, 5])),
        optional(
            {"url": st.sampled_from(["nats://nats.nats.svc:4222", "tls://a:4222,tls://b:4223"])},
            credentialsSecret=optional_names,
            caSecret=optional_names,
            replicas=st.sampled_from([1, 3, 5]),
        ),
    ),
    scaling=scalings,
    security=optional(profile=st.sampled_from(["restricted", "baseline"]), fsGroup=st.integers(1, 2**31 - 1)),
    network=networks,
    observability=optional(tracing=optional(endpoint=st.sampled_from(["", "http://otel:4318"]), samplePercent=st.integers(0, 100))),
    serviceAccountAnnotations=maps(label_keys, words),
    placement=placements,
    terminationGracePeriodSeconds=st.integers(10, 86400),
    podLabels=maps(label_keys, label_values),
    podAnnotations=maps(label_keys, words),
)
"""Specs that the API accepts."""
