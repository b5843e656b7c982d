// What is used of tar-stream, by name: a bundled CommonJS library that is imported with import() has only a default export.
export { extract } from "tar-stream";
