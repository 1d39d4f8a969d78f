/** What is set in the environment. A variable that is there but empty, as files for it often leave one, counts as not set. */
export function settings(env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
}
