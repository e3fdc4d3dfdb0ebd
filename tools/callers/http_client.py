"""A client made from the interface's own description asks, labels and watches.

    python http_client.py URL PACKAGE

PACKAGE is the folder of what openapi-python-client has made. Prints one line of JSON.
"""

import json
import sys

url, package = sys.argv[1:]
sys.path.insert(0, package)
from verdict_client import Client  # noqa: E402
from verdict_client.api.labels import label  # noqa: E402
from verdict_client.api.reviews import ask  # noqa: E402
from verdict_client.models import NewLabel, Problem, Review  # noqa: E402

client = Client(base_url=url)
verdict = ask.sync(client=client, body=Review(text="A wonderful film, superbly played."))
labelled = label.sync(
    verdict.id, client=client, body=NewLabel(label="positive", label_token=verdict.label_token)
)
bad = ask.sync_detailed(client=client, body=Review(text=" "))
assert isinstance(bad.parsed, Problem), bad

# The feed has no end, so it is read as a stream.
with client.get_httpx_client().stream("GET", "/api/v1/verdicts", params={"recent": 100}) as feed:
    lines = (line.removeprefix("data: ") for line in feed.iter_lines() if line.startswith("data: "))
    watched = next(event for event in map(json.loads, lines) if event.get("id") == verdict.id)

print(json.dumps({
    "label": verdict.label.value,
    "labelled": labelled.label.value,
    "bad": bad.parsed.status,
    "watched": watched["label"],
}))
