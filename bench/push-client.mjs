// Many clients in one process, which count what is pushed to them.

import { Logger } from '@nestjs/common';

import { answer } from './child.mjs';

Logger.overrideLogger(['error']);

/** So many are being connected at a time: no listen queue overflows. */
const AT_ONCE = 50;

const { connect } = await import(`./contestants/${process.argv[2]}-push-client.mjs`);
let open = 0;
let received = 0;
let awaited = Infinity;
let receivedAll;
let allReceived;

function onPush() {
  received++;
  if (received === awaited) receivedAll(Date.now());
}

async function connectAll({ address, connections }) {
  const begunAt = performance.now();
  const openOne = async () => {
    while (open < connections) {
      open++;
      await connect(address, onPush);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, openOne));
  return performance.now() - begunAt;
}

/** To be called before so many more pushes come. */
function expectPushes({ pushes }) {
  received = 0;
  awaited = pushes;
  allReceived = new Promise((resolve) => {
    receivedAll = resolve;
  });
}

answer({
  connect: connectAll,
  expectPushes,
  /** Resolves with the time by which all of them are here. */
  untilReceived: () => allReceived,
});
