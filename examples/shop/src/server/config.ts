/** What a shop process is told from outside. */
export interface ShopConfig {
  /** `PORT`: 0 chooses a free one. */
  port: number;
  /** `MOLAR_CLONE_STRIPE_URL`: base URL of the Stripe API, which may end in `/t/{run}`. */
  stripeUrl: string;
  /** `STRIPE_API_KEY`: a test key; the default is a fake one. */
  stripeKey: string;
  /** `STRIPE_PUBLISHABLE_KEY`: what the card form in the browser may know. */
  stripePublishableKey: string;
  /** `SHOP_WEBHOOK_PATH`: path under which Stripe is told to reach this shop. */
  webhookPath: string;
  /** `SHOP_SECRET`: signs session cookies; the default keeps them valid over restarts of the example. */
  secret: string;
  /** `SHOP_PASSWORD`: the password of every account, since the example keeps no user database. */
  password: string;
}

/** Reads the configuration from the environment; nothing else in the shop looks there. */
export function configFromEnv(env: NodeJS.ProcessEnv): ShopConfig {
  const stripeUrl = env['MOLAR_CLONE_STRIPE_URL'];
  if (!stripeUrl || !URL.canParse(stripeUrl)) throw new Error('set `MOLAR_CLONE_STRIPE_URL` to the base URL of a Stripe clone');
  const port = Number(env['PORT'] ?? 0);
  if (!Number.isSafeInteger(port) || port < 0 || port > 65_535) throw new Error(`\`PORT\` must be a port number, got \`${env['PORT']}\``);
  return {
    port,
    stripeUrl,
    stripeKey: env['STRIPE_API_KEY'] || 'sk_test_shop',
    stripePublishableKey: env['STRIPE_PUBLISHABLE_KEY'] || 'pk_test_shop',
    webhookPath: env['SHOP_WEBHOOK_PATH'] || '/api/webhooks/stripe',
    secret: env['SHOP_SECRET'] || 'not-a-secret-only-an-example',
    password: env['SHOP_PASSWORD'] || 'earl-grey',
  };
}
