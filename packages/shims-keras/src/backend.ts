// keras.backend: what is left of it in Keras 3.
import { clearSession, settings } from "./config.js";

export const { epsilon, floatx, image_data_format, set_epsilon, set_floatx, set_image_data_format } =
  settings("keras.backend");
export const clear_session = clearSession("keras.backend");
