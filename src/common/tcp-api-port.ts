/** Where Docker's clients look for an engine without TLS, and so where `exposeDockerAPIOnTCP2375` offers one. */
export const tcpApiPort = 2375;
