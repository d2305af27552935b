export { CrossdockButton as Button } from "@crossdock/react-link";
