import { test } from "uvu";
import * as assert from "uvu/assert";
import { unavailable } from "../../lib/engine/kubernetes/kubectl.js";

// What kubectl 1.20 and 1.35 printed, beside a real cluster.

const log = (text: string): string =>
  `E1128 13:08:18.584223   21283 memcache.go:287] "Unhandled Error" err="${text}"\n`;
const noMetrics = log(
  "couldn't get resource list for metrics.k8s.io/v1beta1: the server is currently unable to handle the request",
);

test("an API of the cluster whose server is down is not the cluster", () => {
  for (const said of [
    'Error from server (NotFound): pods "nope" not found\n',
    'Error from server (AlreadyExists): error when creating "STDIN": persistentvolumeclaims "x" already exists\n',
    "No resources found in default namespace.\n",
  ])
    assert.is(unavailable(noMetrics.repeat(3) + said), undefined);
});

test("a cluster whose list of types did not arrive does not answer, and the log says why", () => {
  const cut =
    'Get \\"https://127.0.0.1:46615/api/v1?timeout=15s\\": http2: client connection force closed via ClientConn.Close';
  const said = 'error: the server doesn\'t have a resource type "pods"\n';
  const logged = log(`couldn't get resource list for v1: ${cut}`) + noMetrics;
  const found = { kind: "engine-unavailable", engine: "kubernetes", why: "not-answering" };
  assert.equal(unavailable(logged + said), { ...found, detail: cut.replaceAll("\\", "") });
  assert.equal(unavailable(said), { ...found, detail: 'the server doesn\'t have a resource type "pods"' });
});

test("the line that has the error is told, not what kubectl logged before or advises after it", () => {
  const advice = [
    "getting credentials: exec: executable aws not found",
    "",
    "It looks like you are trying to use a client-go credential plugin that is not installed.",
    "",
    "Install it.",
  ];
  const [error = ""] = advice;
  const logged = [
    'E1128 14:02:44.288145   23580 memcache.go:265] "Unhandled Error" err=<',
    `\tcouldn't get current server API group list: Get "https://x/api?timeout=32s": ${error}`,
    ...advice.slice(1).map((line) => `\t${line}`),
    " >",
  ];
  const whole = [...logged, ...logged, `Unable to connect to the server: ${error}`, ...advice.slice(1)];
  assert.equal(unavailable(`${whole.join("\n")}\n`), {
    ...{ kind: "engine-unavailable", engine: "kubernetes", why: "credentials" },
    detail: `Unable to connect to the server: ${error}`,
  });
  assert.is(
    unavailable(`${logged.join("\n")}\nError from server (NotFound): pods "x" not found\n`),
    undefined,
  );
});

test.run();
