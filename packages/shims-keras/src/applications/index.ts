// keras.applications: architectures with random initial weights.
import "../start.js";

export { DenseNet121, DenseNet169, DenseNet201 } from "./densenet.js";
export { MobileNet, MobileNetV2 } from "./mobilenet.js";
export { ResNet50, ResNet50V2, ResNet101, ResNet101V2, ResNet152, ResNet152V2 } from "./resnet.js";
export { VGG16, VGG19 } from "./vgg.js";
