import { Controller } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import {
  type HeartwireClient,
  HeartwireContext,
  type HeartwireServer,
  type HubAdapter,
  type Presence,
} from 'heartwire';
import { firstValueFrom } from 'rxjs';

import type { Served, Stage } from './stage.js';
import { until } from './until.js';

@Controller()
class GuestController {
  @MessagePattern('whoami')
  whoami(@Ctx() { connection }: HeartwireContext): string {
    return connection.clientId;
  }

  @MessagePattern('join')
  join(@Payload() room: string, @Ctx() { connection }: HeartwireContext): boolean {
    return connection.join(room);
  }
}

/** A client of one instance, with what was pushed to it under "news". */
export interface Guest {
  readonly client: HeartwireClient;
  readonly id: string;
  readonly news: unknown[];
}

/** One of several servers that an adapter joins. */
export interface Instance extends Served {
  readonly server: HeartwireServer;
  readonly presence: Presence[];
  /** Its own clients say who they are by their token. */
  guest(token?: string): Promise<Guest>;
}

export async function startInstance(stage: Stage, adapter: HubAdapter): Promise<Instance> {
  const authenticate = ({ token }: { token?: string | undefined }): { id: string } => ({
    id: token ?? 'nobody',
  });
  const served = await stage.serve({ controllers: [GuestController] }, { server: { adapter, authenticate } });
  const presence: Presence[] = [];
  served.server.hub.presence$.subscribe((event) => presence.push(event));
  const guest = async (token = 'nobody'): Promise<Guest> => {
    const client = stage.client(served.url, { token });
    const news: unknown[] = [];
    client.on$('news').subscribe((item) => news.push(item));
    return { client, news, id: await firstValueFrom(client.send<string>('whoami', {})) };
  };
  return { ...served, presence, guest };
}

/** Until each of the instances sees exactly these clients. */
export async function allSee(instances: readonly Instance[], ...guests: readonly Guest[]): Promise<void> {
  const ids = guests.map(({ id }) => id).sort();
  await until('every instance knows every client', () =>
    instances.every(({ server }) => String([...server.hub.clients].sort()) === String(ids)),
  );
}

/** Until each of the instances sees exactly these clients in a room. */
export async function allSeeIn(
  room: string,
  instances: readonly Instance[],
  ...guests: readonly Guest[]
): Promise<void> {
  const ids = guests.map(({ id }) => id).sort();
  await until(`every instance knows who is in ${room}`, () =>
    instances.every(({ server }) => String([...server.hub.members(room)].sort()) === String(ids)),
  );
}

/** Whatever was pushed before by any of these instances has arrived once this has. */
export async function settled(instances: readonly Instance[], ...guests: readonly Guest[]): Promise<void> {
  const marks = instances.map((_, index) => `last of ${String(index)}`);
  for (const [index, { server }] of instances.entries()) server.hub.broadcast.emit('news', marks[index]);
  await until('all pushes are here', () =>
    guests.every(({ news }) => marks.every((mark) => news.includes(mark))),
  );
  for (const { news } of guests)
    news.splice(0, Infinity, ...news.filter((item) => !marks.includes(String(item))));
}
