/** A port with some of its methods changed. Passes on whatever else there is, so that a port may grow. */
export function over<Port extends object>(port: Port, changed: Partial<Port>): Port {
  return new Proxy(port, {
    get: (target, name) => {
      const owner: object = name in changed ? changed : target;
      const found: unknown = Reflect.get(owner, name, owner);
      return typeof found === 'function' ? (found.bind(owner) as unknown) : found;
    },
  });
}
