/**
 * What is printed once the demo runs.
 *
 * @param terminalPort where terminals connect, unless that is the usual port
 */
export function whatToTry(
  gateway: string,
  chat: { readonly address: string; readonly pid: number },
  terminalPort?: string,
): string {
  const lobby = `${gateway}/rooms/lobby`;
  const terminal = `${terminalPort === undefined ? '' : `CHAT_TCP_PORT=${terminalPort} `}npm run chat`;
  return `
The team chat runs at ${gateway}: open it in two windows. Try, in other terminals:

  ${terminal} -- --nick ada
  ${terminal} -- --nick bob

  curl -N ${lobby}/follow
  curl ${lobby}/messages -H 'content-type: application/json' -d '{"author":"ada","text":"hello"}'
  curl ${lobby}/messages
  curl ${gateway}/rooms
  curl -X PUT ${gateway}/people/ada -H 'content-type: application/json' -d '{"state":"online"}'
  curl ${gateway}/people
  curl -T README.md ${gateway}/files/
  curl ${gateway}/files/README.md
  curl ${gateway}/files
  curl ${gateway}/connections
  curl -i ${gateway}/health

Break it while a follower listens, and look at /connections in between:

  kill -9 ${String(chat.pid)}
  CHAT_LISTEN=${chat.address} npm run start:chat

Ctrl-C stops what runs here.
`;
}
