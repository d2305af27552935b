export { TrackstarConnectButton as Button } from "@trackstar/react-trackstar-link";
