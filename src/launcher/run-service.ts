import { type INestApplicationContext, Logger } from '@nestjs/common';
import { HeartwireError } from 'heartwire';

/** A service that is made, but doesn't listen yet. */
export interface Service {
  readonly app: INestApplicationContext;
  /** Resolves with where it listens. */
  readonly listen: () => Promise<string>;
}

/** Begins every message to the launcher, if there is one. */
export interface ReadyMessage {
  readonly ready: string;
}

/**
 * Runs a service until a signal stops it. `addressVariable` is what its user sets to move it. When it can't start, it says why in one line and ends
 * with exit code 1. Started by the launcher, it reports when it is ready, and goes when the launcher is gone.
 */
export async function runService(
  name: string,
  addressVariable: string,
  create: () => Promise<Service>,
): Promise<void> {
  const logger = new Logger(name);
  let app: INestApplicationContext | undefined;
  try {
    const service = await create();
    ({ app } = service);
    app.enableShutdownHooks(['SIGINT', 'SIGTERM', 'SIGHUP']);
    const address = await service.listen();
    logger.log(`Listening at ${address}`);
    reportTo(process, address);
  } catch (error) {
    logger.fatal(`It could not start: ${whyNot(error, addressVariable)}`);
    await app?.close();
    process.exitCode = 1;
  }
}

function reportTo(self: NodeJS.Process, address: string): void {
  if (self.send === undefined) return;
  self.once('disconnect', () => self.kill(self.pid, 'SIGTERM'));
  const message: ReadyMessage = { ready: address };
  self.send(message);
}

function whyNot(error: unknown, addressVariable: string): string {
  const message = error instanceof Error ? error.message : String(error);
  if (errnoOf(error) !== 'EADDRINUSE') return message;
  return `${message}. Stop what listens there, or set ${addressVariable} to something else`;
}

/** Node's own errors have it as their code, Heartwire's among their details. */
function errnoOf(error: unknown): unknown {
  if (error instanceof HeartwireError) return error.details?.errno;
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
