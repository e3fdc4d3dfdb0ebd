// A client whose types are made from the interface's own description asks, labels and watches.
//
//     node http_client.ts URL
//
// Prints one line of JSON.
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.d.ts";

const url = process.argv[2];
const client = createClient<paths>({ baseUrl: url });
const { data: verdict, error } = await client.POST("/api/v1/reviews", {
  body: { text: "Two wasted hours: dull and badly acted." },
});
if (!verdict || !("id" in verdict)) throw new Error(JSON.stringify(error));
const labelled = await client.POST("/api/v1/reviews/{id}/label", {
  params: { path: { id: verdict.id } },
  body: { label: "negative", label_token: verdict.label_token },
});
const bad = await client.POST("/api/v1/reviews", { body: { text: " " } });

let watched: components["schemas"]["Verdict"] | undefined;
const feed = await fetch(`${url}/api/v1/verdicts?recent=100`);
let text = "";
for await (const piece of feed.body!.pipeThrough(new TextDecoderStream())) {
  text += piece;
  const events = text.split("\n").filter((line) => line.startsWith("data: ") && line.endsWith("}"));
  watched = events.map((line) => JSON.parse(line.slice(6))).find((event) => event.id === verdict.id);
  if (watched) break;
}
console.log(
  JSON.stringify({
    label: verdict.label,
    labelled: labelled.data?.label,
    bad: bad.error?.status,
    watched: watched?.label,
  }),
);
process.exit(0);
