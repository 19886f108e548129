// keras.backend: what is left of it in Keras 3.
import { config } from "./config.js";

export { clear_session } from "./config.js";
export const { epsilon, floatx, image_data_format, set_image_data_format } = config;
