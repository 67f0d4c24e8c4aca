export { type ContainersProxy, containersProxyOf, type Proxies, proxiesOf } from './containers-proxy.js';
export {
  type DecidedWay,
  decideWay,
  goesByName,
  type Outbound,
  pacFailed,
  type Way,
  wayByPac,
} from './decide-way.js';
export { WayOut, type WayOutOptions } from './way-out.js';
