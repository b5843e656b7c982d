import { test } from "uvu";
import * as assert from "uvu/assert";
import { parseRequest } from "../../lib/requests/parse-request.js";

const parse = (...fields: readonly string[]): ReturnType<typeof parseRequest> =>
  parseRequest(Buffer.from(fields.map((field) => `${field}\0`).join("")));

test("fields become a command", () => {
  assert.equal(
    parse(
      "part=a",
      "part=b",
      "part=a",
      "why=x=y",
      "write",
      "env=K=p/q=r",
      "dotenv=e",
      "folder=/workspace/d/",
      "command",
      "sh",
      "command",
      "",
    ),
    {
      asker: "",
      command: {
        ...{
          parts: ["a", "b"],
          argv: ["sh", "command", ""],
          folder: "/workspace/d",
          why: "x=y",
          write: true,
        },
        ...{ variables: [{ name: "K", path: "p/q=r" }], variableFiles: ["e"] },
      },
    },
  );
});

test("what no honest program writes is refused", () => {
  const start = ["part=a", "why=x", "folder=/workspace"];
  const wrong: readonly (readonly [fields: readonly string[], message: RegExp])[] = [
    [[], /not complete/],
    [start, /no command/],
    [[...start, "command"], /no command/],
    [[...start, "command", ""], /no command/],
    [["why=x", "folder=/workspace", "command", "x"], /no part/],
    [["part=a", "command", "x"], /in \/workspace/],
    [["part=a", "folder=/workspace/../etc", "command", "x"], /in \/workspace/],
    [["part=a", "folder=/workspacex", "command", "x"], /in \/workspace/],
    [[...start, "env=1=a", "command", "x"], /--env/],
    [[...start, "env=A=", "command", "x"], /--env/],
    [[...start, "command", "x".repeat(20_000)], /longer than/],
  ];
  for (const [fields, message] of wrong) assert.match(String(parse(...fields)), message);
  assert.match(String(parseRequest(Buffer.from("part=a\0command\0x"))), "not complete");
  assert.match(String(parseRequest(Buffer.from([0x70, 0xff, 0]))), "UTF-8");
});

test("`__proto__` and the like are only names", () => {
  assert.is.not(
    typeof parse("part=a", "__proto__=x", "constructor=y", "folder=/workspace", "command", "x"),
    "string",
  );
});

test.run();
