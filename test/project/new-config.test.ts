import { test } from "uvu";
import * as assert from "uvu/assert";
import * as fc from "fast-check";
import { configSchema } from "../../lib/project/check-config.js";
import { parseDocument } from "../../lib/document/parse-yaml.js";
import { newConfigText, type NewConfig } from "../../lib/project/new-config.js";
import { failure, value } from "../rig/result.js";

// The text of a new config contains all answers.

function readBack(answers: NewConfig): Record<string, unknown> {
  const text = value(newConfigText("/srv/lab", answers));
  return value(parseDocument({ path: "config.yaml", text }, configSchema)).value as Record<string, unknown>;
}

test("without answers it has the defaults, and a line that points editors to the schema", () => {
  assert.equal(readBack({}), {
    image: "tazzo/tazpod-ai:latest",
    container_name: "lab-lab",
    user: "tazpod",
    ghost_mode: true,
    remote: { url: "s3://tazlab-storage/tazpod/vault/vault.tar.aes", region: "eu-central-1" },
  });
  assert.match(
    value(newConfigText("/srv/lab", {})),
    /^# yaml-language-server: \$schema=\.\/config\.schema\.json\n/,
  );
});

test("answers are read back unchanged", () => {
  const text = fc.string({ unit: "grapheme", maxLength: 20 });
  const word = fc.stringMatching(/^[a-z][a-z0-9_]{0,8}$/);
  const answers = fc.record(
    {
      image: fc.oneof(word, fc.constantFrom("a/b:1", "true", "null", "1.5", "~", "#x", "- x", "a: b", "@x")),
      env: fc.dictionary(word, text, { minKeys: 1 }),
      mounts: fc.uniqueArray(
        fc.record({ source: text.filter(isPath), target: word.map((name) => `/${name}`) }),
        { minLength: 1, selector: ({ target }) => target },
      ),
      ports: fc.array(fc.integer({ min: 1, max: 65535 }), { minLength: 1 }),
      engine: fc.constantFrom("docker" as const, "podman" as const),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(answers, (given) => {
      const { container_name: _, user: __, ghost_mode: ___, remote: ____, image, ...rest } = readBack(given);
      const { image: wanted = "tazzo/tazpod-ai:latest", ...others } = given;
      assert.is(image, wanted);
      assert.equal(rest, structuredClone(others));
    }),
  );
});

// eslint-disable-next-line no-control-regex
const isPath = (path: string): boolean => path !== "" && !/[\u0000-\u001f\u007f]/.test(path);

test("a build replaces the image, and a folder or none replaces the bucket", () => {
  const { image, build, remote } = readBack({
    build: "Dockerfile",
    remote: { url: "file:///media/usb%20disk/v.aes" },
  });
  assert.equal([image, build, remote], [undefined, "Dockerfile", "file:///media/usb%20disk/v.aes"]);
  assert.is(readBack({ remote: { url: "none", region: "x" } })["remote"], "none");
});

test("an invalid answer is a failure", () => {
  failure(newConfigText("/srv/lab", { user: "a b" }), "invalid-document");
});

test.run();
