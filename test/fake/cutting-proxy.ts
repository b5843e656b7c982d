import { connect, createServer, type Socket } from "node:net";
import { s3Server } from "../runner/services.js";

/** A TCP proxy to a server that disturbs connections on request. */
export interface CuttingProxy {
  /** With the scheme of the server's own. */
  readonly url: string;
  /** How many connections were made. */
  connections(): number;
  /** Cuts each connection once the server has sent this many bytes on it. */
  cutAfter(bytes: number): void;
  /** Cuts one connection once the server has sent this many bytes on it: the next one, or one of those after it. */
  cutOne(bytes: number, later?: number): void;
  /** Cuts the connections that are open. */
  cut(): void;
  /** Passes nothing on in either direction, but keeps connections open. */
  stall(): void;
  /** Passes on this many bytes of answers on each connection, then nothing more, and keeps it open. */
  stallAfter(bytes: number): void;
  /** For the next connection: lets the request through, and cuts it instead of passing on an answer. */
  loseAnswerTo(method: string): void;
  close(): Promise<void>;
}

/** Starts on a free port; the server is that of the S3 tests unless given. */
export async function cuttingProxy(target = s3Server.endpoint): Promise<CuttingProxy> {
  const { protocol, hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  const rules = { limit: Infinity, stalled: false, stallAt: Infinity, lost: "" };
  const cuts = new Map<number, number>();
  let count = 0;
  const server = createServer((near) => {
    const own = cuts.get(count) ?? Infinity;
    count++;
    const far = connect(Number(port), hostname);
    let bytes = 0;
    let losing = false;
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => {
        near.destroy();
        far.destroy();
        sockets.delete(socket);
      });
    }
    near.on("data", (piece) => {
      if (rules.stalled) return;
      if (rules.lost !== "" && piece.toString("latin1").startsWith(`${rules.lost} `)) {
        losing = true;
        rules.lost = "";
      }
      far.write(piece);
    });
    far.on("data", (piece) => {
      if (rules.stalled) return;
      if (losing) {
        // 100-continue is not the answer yet
        if (piece.toString("latin1").startsWith("HTTP/1.1 100")) near.write(piece);
        else near.destroy();
        return;
      }
      const limit = Math.min(rules.limit, own);
      const room = Math.min(limit, rules.stallAt) - bytes;
      bytes += piece.length;
      near.write(piece.subarray(0, Math.max(0, room)));
      if (bytes > limit) near.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `${protocol}//127.0.0.1:${address.port}`,
    connections: () => count,
    cutAfter: (limit) => void (rules.limit = limit),
    cutOne(bytes, later = 0) {
      cuts.clear();
      cuts.set(count + later, bytes);
    },
    cut,
    stall: () => void (rules.stalled = true),
    stallAfter: (bytes) => void (rules.stallAt = bytes),
    loseAnswerTo: (method) => void (rules.lost = method),
    close: () => {
      cut();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
