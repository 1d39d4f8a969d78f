import type { Connection } from './connection.js';
import { byId } from './element.js';

/** One button: a connection that was closed by hand comes back by hand only. */
export function runConnectButton(connection: Connection): void {
  const button = byId('connect', HTMLButtonElement);
  connection.isOpen$.subscribe((isOpen) => {
    button.textContent = isOpen ? 'Disconnect' : 'Connect';
  });
  button.addEventListener('click', () => {
    if (connection.isOpen) connection.close();
    else connection.open();
  });
}
