import type { Socket } from 'node:net';

import { Flow } from './flow.js';
import type { Ending, FlowFaults } from './flow-faults.js';
import { resetSocket } from './reset-socket.js';

/** `upstream` goes from the client to the server, `downstream` from the server to the client. */
export type FlowName = 'upstream' | 'downstream';

/** One connection through a proxy: the client's socket, the server's, and a flow each way. */
export class Passage {
  readonly flows: Readonly<Record<FlowName, Flow>>;

  constructor(
    private readonly client: Socket,
    private readonly server: Socket,
    faults: Readonly<Record<FlowName, FlowFaults>>,
    onClosed: () => void,
  ) {
    const cut = (ending: Ending): void => {
      this.end(ending);
    };
    this.flows = {
      upstream: new Flow(client, server, faults.upstream, cut),
      downstream: new Flow(server, client, faults.downstream, cut),
    };
    const { upstream, downstream } = this.flows;
    watch(client, server, upstream, downstream);
    watch(server, client, downstream, upstream);
    const closed = (): void => {
      if (client.closed && server.closed) onClosed();
    };
    client.once('close', closed);
    server.once('close', closed);
  }

  /** Ends both connections, whatever is held back. */
  end(ending: Ending): void {
    this.flows.upstream.stop();
    this.flows.downstream.stop();
    for (const socket of [this.client, this.server]) {
      if (ending === 'reset') resetSocket(socket);
      else socket.destroySoon();
    }
  }
}

/** What becomes of `other` when `socket` breaks or closes. */
function watch(socket: Socket, other: Socket, outgoing: Flow, incoming: Flow): void {
  let failed = false;
  socket.on('error', () => {
    failed = true;
  });
  socket.on('end', () => {
    // Nobody is left on the other side who could close this one.
    if (other.destroyed) socket.destroy();
  });
  socket.once('close', () => {
    incoming.stop();
    if (other.readableEnded) other.destroy();
    else if (failed && !outgoing.isSilent) resetSocket(other);
  });
}
