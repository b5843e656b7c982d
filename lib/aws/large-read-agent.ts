import { Agent, type ClientRequestArgs } from "node:http";
import { createConnection, type NetConnectOpts, type OnReadOpts, type Socket } from "node:net";

/** The size of a buffer, and the least that one read asks for. */
const bufferBytes = 1024 ** 2;
const minReadBytes = 64 * 1024;

/**
 * HTTP connections (without TLS) that read all available data at once: Node's own reads of 64 KiB each pass through its
 * streams, which costs more than the data itself. With TLS, data arrives in records anyway.
 */
export class LargeReadAgent extends Agent {
  override createConnection(options: ClientRequestArgs): Socket {
    const onread = largeReads((piece) => socket.push(piece));
    const socket = createConnection({ ...(options as NetConnectOpts), onread });
    return socket;
  }
}

/** Places each read after the previous one, so that nothing is copied and no byte in use is overwritten. */
function largeReads(push: (piece: Buffer) => boolean): OnReadOpts {
  let free = Buffer.alloc(0);
  return {
    buffer() {
      if (free.length < minReadBytes) free = Buffer.allocUnsafeSlow(bufferBytes);
      return free;
    },
    callback(bytes) {
      const piece = free.subarray(0, bytes);
      free = free.subarray(bytes);
      return push(piece);
    },
  };
}
