// Follows the agents of `agent serve` and says how each cycle ended; after a cut it goes on where it was.
//   BOYD_TOKEN=$(cat HOME/api-read.token) node examples/follow.mjs http://127.0.0.1:8501
const url = process.argv[2] ?? "http://127.0.0.1:8501";
let last = "0"; // from the first row on; the id of the last event that came
async function follow() {
  const headers = { Authorization: `Bearer ${process.env.BOYD_TOKEN}`, "Last-Event-ID": last };
  const response = await fetch(`${url}/api/v1/events`, { headers });
  if (!response.ok) throw new Error((await response.json()).error.message, { cause: response.status });
  let text = "";
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    const blocks = (text + chunk).split("\n\n");
    text = blocks.pop(); // what is not whole yet
    blocks.forEach(take);
  }
}

function take(block) {
  const { id, event, data } = Object.fromEntries(block.split("\n").map((line) => line.split(/: (.*)/s)));
  if (event === "cycle_ended") {
    const { agent, seq, body } = JSON.parse(data);
    console.log(`${agent} row ${seq}: cycle ${body.cycle} ${body.outcome}, equity ${body.equity}`);
  }
  last = id ?? last;
}

for (let fault; ![401, 403].includes(fault?.cause); await new Promise((again) => setTimeout(again, 500))) {
  fault = await follow().catch((error) => error); // a token that is refused is refused again: that is the end
  if (fault) console.error(`cut off: ${fault.message}`);
}
process.exitCode = 1;
