import { getRawAsset } from "node:sea";
import { Script } from "node:vm";
import { printHelp } from "../host/screen.js";
import { generalHelp } from "./help.js";

// The standalone executable starts here (scripts/standalone.mjs); the package starts in bin.ts. Only this file is
// always loaded: the rest is a separate script with V8 code compiled in the build.
const argv = process.argv.slice(2);
if (argv.length === 1 && ["--help", "-h", "help"].includes(argv[0] ?? "")) printHelp(generalHelp());
else start();

function asset(name: string): Buffer {
  return Buffer.from(getRawAsset(name) as ArrayBuffer);
}

function start(): void {
  const script = new Script(asset("program.js").toString("latin1"), {
    filename: "tazpod",
    cachedData: asset("program.cache"),
  });
  (script.runInThisContext() as (load: NodeJS.Require, file: string) => void)(require, process.execPath);
}
