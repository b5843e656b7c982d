// Named exports of tar-stream: a bundled CommonJS library has only a default export when loaded with import().
export { extract } from "tar-stream";
