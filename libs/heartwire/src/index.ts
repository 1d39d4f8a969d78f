export type { EmitOptions, SendOptions } from './session/call-options.js';
export type { EndpointLiveness, EndpointSnapshot } from './client/endpoint-snapshot.js';
export type { HeartwireClientEvents } from './client/client-events.js';
export { HeartwireClient } from './client/heartwire.client.js';
export { HeartwirePushContext } from './client/push-context.js';
export type { PushHandler } from './client/pushes.js';
export type { ConnectionStatus } from './session/connection-status.js';
export { ErrorCode, type Sent } from './errors/error-code.js';
export { HeartwireError, type HeartwireErrorFacts } from './errors/heartwire-error.js';
export {
  HeartwireHealthIndicator,
  type ClientHealth,
  type EndpointHealth,
  type HubHealth,
} from './nest/heartwire.health-indicator.js';
export type {
  HeartwireAsyncClientRegistration,
  HeartwireClientOptionsFactory,
  HeartwireClientRegistration,
  HeartwireRegistrations,
} from './nest/client-registration.js';
export { HeartwireModule } from './nest/heartwire.module.js';
export { OnConnect, OnDisconnect } from './nest/connection-hooks.decorator.js';
export { PushPattern, type PushPatternOptions } from './nest/push-pattern.decorator.js';
export { IncomingStream } from './nest/incoming-stream.decorator.js';
export { HeartwireExceptionFilter } from './nest/heartwire-exception.filter.js';
export type { AttachableServer } from './options/attachable.js';
export type { Balance, BalanceByKey, BalancedPacket } from './options/balance.js';
export type { Authenticate, ConnectingPeer, Credentials, TokenSource } from './options/authenticate.js';
export type { HeartwireClientOptions } from './options/client-options.js';
export type { CertificateName, PeerCertificate } from './options/peer-certificate.js';
export type {
  AdapterStatus,
  HubAdapter,
  HubClient,
  HubMember,
  HubMembership,
  HubNews,
} from './options/hub-adapter.js';
export type { Presence } from './options/presence.js';
export type { PushTarget } from './options/push-target.js';
export type { OptionFault } from './options/read-options.js';
export type { AllowedOrigins } from './options/origins.js';
export type { PacketDeserializer, PacketSerializer } from './options/shared-options.js';
export type { Resolve, ResolvedServer, ResolveQuestion } from './options/resolve.js';
export type { HeartwireServerOptions } from './options/server-options.js';
export type {
  AskForTls,
  ClientTlsOptions,
  FileContent,
  SecureContextOptions,
  ServerTlsOptions,
  UserTls,
} from './options/tls-options.js';
export type { Broadcast, PushOptions } from './server/broadcast.js';
export type { ClientCallOptions } from './server/client-call-options.js';
export type { ClientCalls } from './server/client-calls.js';
export type { ConnectionEvent } from './server/connection-event.js';
export { HeartwireContext } from './server/heartwire.context.js';
export {
  HEARTWIRE,
  HeartwireServer,
  type HeartwireServerEvents,
  type ServerStatus,
} from './server/heartwire.server.js';
export { HeartwireHub } from './server/hub.js';
export { InProcessAdapter } from './server/in-process-adapter.js';
export type { ConnectionSnapshot, ServerConnection } from './server/server-connection.js';
export type { ConnectionFacts, Metadata } from './protocol/messages.js';
export type { Liveness, LivenessState } from './timing/liveness-state.js';
export type { Overflow } from './session/outgoing-stream.js';
export type { StreamSource } from './session/stream-source.js';
