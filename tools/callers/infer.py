"""KServe's client asks by the Open Inference Protocol.

    python infer.py URL

Prints one line of JSON.
"""

import asyncio
import json
import sys

from kserve import InferenceRESTClient, InferInput, InferRequest, RESTConfig


async def main(url: str) -> None:
    client = InferenceRESTClient(RESTConfig(protocol="v2"))
    live = await client.is_server_live(url)
    ready = await client.is_model_ready(url, "verdict")
    texts = ["A wonderful film, superbly played.", "Two wasted hours: dull and badly acted."]
    request = InferRequest("verdict", [InferInput("text", [2], "BYTES", texts)])
    answer = await client.infer(url, request, model_name="verdict")
    outputs = {output.name: output.data for output in answer.outputs}
    print(json.dumps({"live": live, "ready": ready, "label": outputs["label"]}))


asyncio.run(main(sys.argv[1]))
