// One stream of hints for all tabs of a browser: it may hold only six connections to a host.
"use strict";
const ports = new Set();
let source = null;

function tell(topics) {
  for (const port of ports) port.postMessage(topics);
}

function listen() {
  source = new EventSource("/sandbox/live/");
  // After a pause nobody knows what was missed, so everything may have changed.
  source.addEventListener("hello", () => tell(["everything"]));
  source.addEventListener("changed", (event) => tell(event.data.split(" ")));
}

onconnect = (event) => {
  const port = event.ports[0];
  ports.add(port);
  port.onmessage = () => ports.delete(port);
  if (!source || source.readyState === EventSource.CLOSED) listen();
};
